"""Who knows the password of an account, and how often one may guess."""
