"""SAQ, a queue for asyncio, on Redis or PostgreSQL."""
