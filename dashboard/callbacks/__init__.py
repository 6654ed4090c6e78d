"""Signed callbacks: received, judged, stored before they are acknowledged, and shown with the reason."""
