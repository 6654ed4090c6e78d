"""How people and tests watch and steer the simulator."""
