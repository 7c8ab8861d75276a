"""What operators ask for, done without HTTP."""
