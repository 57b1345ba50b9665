"""What the queue has to do with others: who asks for jobs, and what a handler changes."""
