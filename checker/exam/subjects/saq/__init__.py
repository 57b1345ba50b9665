"""SAQ, a queue on Redis for asyncio."""
