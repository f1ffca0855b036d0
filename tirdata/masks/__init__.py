"""Binary target masks from boxes, for networks that learn where the target is."""
