"""What every app of BookBridge stands on. The kernel knows no app: it never imports one."""
