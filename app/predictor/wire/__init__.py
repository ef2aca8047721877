"""Between the socket and HTTP: what uvicorn's protocol leaves open."""
