"""This deployment's use of Smile's API: clients, clock, catalogue and availability."""
