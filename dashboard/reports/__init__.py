"""Reports: how many jobs and links, with which results and how fast, by period; read from sums, never from rows."""
