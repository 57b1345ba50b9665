"""What expressions are: terms, their types, how they are walked through and how they are shown."""
