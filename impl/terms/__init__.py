"""What callers and queue say to each other: requests and outcomes, time, and calls of users'
code.
"""
