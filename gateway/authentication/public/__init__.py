"""Who of the public is proven: the author's domain says so by DMARC, over a signature or over the envelope (3.7, 3.8).

`proof.prove_public` is the only way in. Nobody needs to be proven to be served; what proof there is saves a letter.
"""
