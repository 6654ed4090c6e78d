"""How people and tests watch and control the simulator."""
