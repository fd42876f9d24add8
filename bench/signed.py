"""P2: the fan-out with each copy DKIM-signed (RSA-2048), beside what the processors can sign: `make bench-signed`.

The peer does nothing but sign, in a process for each processor; what is left is what all the rest of a copy costs.
"""

import argparse
import multiprocessing
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.measure import Goal, alternate, tell
from bench.peers import smtp_sink
from bench.town import town

SECONDS = 3.0
DATA = b"x" * 900  # about what of a copy is signed


def new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def sign_for_a_while(pem: bytes) -> float:
    """Signatures per second of one process."""
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < SECONDS:
        key.sign(DATA, padding.PKCS1v15(), hashes.SHA256())
        count += 1
    return count / passed


def signatures(pem: bytes, processes: int) -> float:
    with multiprocessing.Pool(processes) as pool:
        return sum(pool.map(sign_for_a_while, [pem] * processes))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-signed", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    processes, pem = os.cpu_count() or 1, new_key()
    with TemporaryDirectory() as folder, smtp_sink() as port:
        key = Path(folder) / "dkim.pem"
        key.write_bytes(pem)
        relay = {"dkim_selector": "bench", "dkim_key": str(key), "workers": processes}
        with town(arguments.subscribers, f"smtp://127.0.0.1:{port}", {"relay": relay}) as place, place.serving():
            runs = {"mimamori, signed": place.fan_out, "signatures alone": lambda: signatures(pem, processes)}
            series = alternate(runs, "a second", arguments.rounds)
    goals = [Goal("mimamori, signed", "signatures alone", 0.65)]
    tell(f"signed: {arguments.subscribers:,} copies, RSA-2048", series, goals, processes=processes)


if __name__ == "__main__":
    main()
