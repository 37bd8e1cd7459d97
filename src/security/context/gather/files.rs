//! Owner and permissions of a file, after links were followed: a projected volume consists of links.

use std::{os::unix::fs::MetadataExt, path::Path};

use crate::{
    security::context::facts::{FileFact, Holds},
    upstream::settings::Role,
};

/// How the kubelet names the folder that the links of a projected volume lead to.
const PROJECTED: &str = "..data";

/// `None`: it is not a regular file, or cannot be looked at; whoever reads it says so.
pub fn look(role: Role, path: &Path) -> Option<FileFact> {
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let holds = match role {
        Role::Kubeconfig | Role::Key | Role::Token => Holds::Secret,
        Role::Authorities | Role::Certificate => Holds::Public,
    };
    let (mode, owner) = (about.mode() & 0o7777, about.uid());
    Some(FileFact { path: path.to_owned(), holds, mode, owner, projected: is_projected(path) })
}

fn is_projected(path: &Path) -> bool {
    let target = std::fs::read_link(path);
    target.is_ok_and(|target| target.components().any(|part| part.as_os_str() == PROJECTED))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    #[test]
    fn the_file_behind_the_links_counts() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("..2026")).unwrap();
        fs::write(at("..2026/token"), "t").unwrap();
        fs::set_permissions(at("..2026/token"), Permissions::from_mode(0o640)).unwrap();
        symlink("..2026", at("..data")).unwrap();
        symlink("..data/token", at("token")).unwrap();
        let seen = look(Role::Token, &at("token")).unwrap();
        assert_eq!((seen.mode, seen.projected, seen.holds), (0o640, true, Holds::Secret));

        let plain = look(Role::Authorities, &at("..2026/token")).unwrap();
        assert_eq!((plain.projected, plain.holds), (false, Holds::Public));
        assert_eq!(plain.owner, fs::metadata(folder.path()).unwrap().uid());
        assert_eq!(look(Role::Key, &at("absent")), None);
        assert_eq!(look(Role::Key, folder.path()), None);
    }
}
