"""arq, a queue on Redis for asyncio."""
