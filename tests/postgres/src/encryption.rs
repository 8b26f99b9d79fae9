//! Certificates for a server, made by the program `openssl`.

use super::{Server, data, succeed};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

impl Server {
    /// Lets the server take encrypted connections as well, and gives the file of the authority
    /// that vouches for it; nothing where the program `openssl` isn't installed, which is said.
    ///
    /// # Errors
    /// If it can't be done.
    pub fn encrypt(&self) -> io::Result<Option<PathBuf>> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: `openssl` isn't installed");
            return Ok(None);
        }
        let folder = self.folder.path();
        let (authority, secret) = (folder.join("authority.pem"), folder.join("authority.key"));
        certify(&["/CN=authority of the tests"], (&authority, &secret), None)?;
        let data = data(folder);
        let (certificate, key) = (data.join("server.crt"), data.join("server.key"));
        let of_server = [
            "/CN=127.0.0.1",
            "basicConstraints=critical,CA:FALSE",
            "subjectAltName=IP:127.0.0.1",
        ];
        certify(
            &of_server,
            (&certificate, &key),
            Some((&authority, &secret)),
        )?;
        // The server takes no key that others can read.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?;
        for path in [&certificate, &key] {
            self.programs.give(path)?;
        }
        self.execute("public", "ALTER SYSTEM SET ssl = on")?;
        self.execute("public", "SELECT pg_reload_conf()")?;
        // It reads its settings soon, and not at once.
        for _ in 0..200 {
            if self.execute("public", "SHOW ssl")? == ["on"] {
                return Ok(Some(authority));
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        Err(io::Error::other("the server doesn't encrypt"))
    }
}

/// Makes a certificate and its key, signed by an authority or by itself. The first text is its
/// subject, and the others are extensions.
fn certify(
    texts: &[&str],
    (certificate, key): (&Path, &Path),
    authority: Option<(&Path, &Path)>,
) -> io::Result<()> {
    let (subject, extensions) = texts.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject,
        ])
        .arg("-out")
        .arg(certificate)
        .arg("-keyout")
        .arg(key);
    for extension in extensions {
        openssl.args(["-addext", extension]);
    }
    if let Some((certificate, key)) = authority {
        openssl.arg("-CA").arg(certificate).arg("-CAkey").arg(key);
    }
    succeed(openssl).map(drop)
}
