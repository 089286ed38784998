//! A second pair of eyes: executes every batch again, and compares.
