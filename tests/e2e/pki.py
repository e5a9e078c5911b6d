"""Certificates of a test."""
import subprocess


class Authority:
    """Makes certificates with openssl, as an operator would."""

    def __init__(self, directory, name="authority"):
        self.directory, self.name = directory, name
        self.openssl("req", "-x509", *self.new_key(name), "-days", "2", "-subj", f"/CN={name}", "-out", f"{name}.pem")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    @staticmethod
    def new_key(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]

    def sign(self, name, subject, alternative):
        (self.directory / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
        self.openssl("req", *self.new_key(name), "-subj", subject, "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return name

    def read(self, file):
        return (self.directory / file).read_bytes()

    def root(self):
        return self.read(f"{self.name}.pem")
