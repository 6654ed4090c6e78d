"""How two writings of one value compare: names, dates, and shorter values, each as what it is."""
