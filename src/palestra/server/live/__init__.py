"""Matchups while they are played: who meets, answers as they stream, votes."""
