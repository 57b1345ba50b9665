"""What a queue is made of beside its store: the line, histories, recovery, and what is said
outside.
"""
