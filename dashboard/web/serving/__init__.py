"""The server process: sockets, request bodies, limits and its health."""
