"""The server process: sockets, request bodies, limits and health probes."""
