"""What the explorer shows: text, symbols, and the rows of each pane."""
