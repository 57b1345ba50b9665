"""What a queue asks of a store, whichever it is: transactions, and steps in them."""
