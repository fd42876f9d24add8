"""The commands of `mimamori`, a file each (protocol 8): `run(arguments) -> exit code`; 0 done, 1 no, 2 misuse."""
