"""The delivery test: do callbacks reach this deployment?"""
