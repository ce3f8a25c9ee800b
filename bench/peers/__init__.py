"""Scripts that a careful person would write for the same work, without plan, journal or report."""
