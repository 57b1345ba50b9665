"""What a worker is made of: attempts, and the threads that look after them."""
