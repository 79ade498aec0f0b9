from config import run
from peers.process_pools import SpawnExecutor

if __name__ == "__main__":  # workers import this file
    run(SpawnExecutor)
