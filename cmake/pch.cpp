// Carries the shared precompiled header; the rest of the build reuses it.
