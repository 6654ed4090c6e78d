"""How this deployment uses Smile's API: clients, clock, catalogue, availability."""
