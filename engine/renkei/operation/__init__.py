"""Being operated: whether the work can go on, figures for a monitor, the doctor and his bundle."""
