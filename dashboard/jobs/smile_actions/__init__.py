"""What members ask of Smile about a job of v3 that is done: its webhook again, and reports of fraud."""
