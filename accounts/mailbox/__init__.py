"""What goes through a reader's mailbox: confirming an address, changing it, a new password."""
