"""Tests against a real server: what clients meet, and what faults around it do to them."""
