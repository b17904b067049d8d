"""The quotas of this door, as `comity.node.quota` counts them."""

from comity.node.quota import BURST, OverQuota, Quotas

__all__ = ["BURST", "OverQuota", "Quotas"]
