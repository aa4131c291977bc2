"""Tests of the generator, of the command and of the platform on real servers."""
