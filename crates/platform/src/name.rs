//! Resource names: `companies/{company}/projects/{project}` and what lies below.

use std::fmt;

use uuid::Uuid;

use crate::{
    error::Error,
    id::{CompanyId, ProjectId},
};

/// The parts of `name` where `pattern` has braces.
///
/// # Errors
/// `INVALID_ARGUMENT` for `field`, with the pattern, where the name does not fit.
pub fn parts<'a, const N: usize>(field: &str, pattern: &str, name: &'a str) -> Result<[&'a str; N], Error> {
    let mut parts = Vec::with_capacity(N);
    let mut names = name.split('/');
    for expected in pattern.split('/') {
        match names.next() {
            Some(part) if expected.starts_with('{') && !part.is_empty() => parts.push(part),
            Some(part) if part == expected => {}
            _ => return Err(Error::invalid(field, name, pattern)),
        }
    }
    match names.next() {
        None => parts.try_into().map_err(|_| Error::invalid(field, name, pattern)),
        Some(_) => Err(Error::invalid(field, name, pattern)),
    }
}

/// The same where every part is an id.
///
/// # Errors
/// `INVALID_ARGUMENT` as for [`parts`].
pub fn ids<const N: usize>(field: &str, pattern: &str, name: &str) -> Result<[Uuid; N], Error> {
    let mut ids = [Uuid::nil(); N];
    for (id, part) in ids.iter_mut().zip(parts::<N>(field, pattern, name)?) {
        *id = part.parse().map_err(|_| Error::invalid(field, name, pattern))?;
    }
    Ok(ids)
}

/// `companies/{company}`.
///
/// # Errors
/// `INVALID_ARGUMENT` for `field`.
pub fn company(field: &str, name: &str) -> Result<CompanyId, Error> {
    let [company] = ids(field, "companies/{company}", name)?;
    Ok(company.into())
}

/// A list's parent: a company, or all of them as `companies/-` (AIP-159).
///
/// # Errors
/// `INVALID_ARGUMENT` for `parent`.
pub fn company_or_all(parent: &str) -> Result<Option<CompanyId>, Error> {
    if parent == "companies/-" { Ok(None) } else { company("parent", parent).map(Some) }
}

/// `companies/{company}/projects/{project}`, the name under which every service speaks of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectName {
    pub company: CompanyId,
    pub project: ProjectId,
}

impl ProjectName {
    pub const PATTERN: &str = "companies/{company}/projects/{project}";

    /// # Errors
    /// `INVALID_ARGUMENT` for `field`.
    pub fn parse(field: &str, name: &str) -> Result<Self, Error> {
        let [company, project] = ids(field, Self::PATTERN, name)?;
        Ok(Self { company: company.into(), project: project.into() })
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "companies/{}/projects/{}", self.company, self.project)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::foreign;

    use super::*;

    const PATTERN: &str = "companies/{company}/projects/{project}/licensing";

    #[test]
    fn a_name_gives_its_ids_or_says_how_it_should_read() {
        let (company, project) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let name = format!("companies/{company}/projects/{project}/licensing");
        assert_eq!(ids("name", PATTERN, &name).unwrap(), [company, project]);

        let wrong = [
            String::new(),
            format!("companies/{company}/projects/{project}"),
            format!("{name}/more"),
            format!("firms/{company}/projects/{project}/licensing"),
            format!("companies/{company}/projects//licensing"),
            format!("companies/{company}/projects/seven/licensing"),
        ];
        for name in wrong {
            let error = ids::<2>("name", PATTERN, &name).unwrap_err();
            assert_eq!(error.violations()[0].allowed, PATTERN, "{name}");
        }
    }

    #[test]
    fn a_project_name_reads_back_as_it_was_written() {
        let name = ProjectName { company: CompanyId::new(), project: ProjectId::new() };
        assert_eq!(ProjectName::parse("project", &name.to_string()).unwrap(), name);
    }

    proptest! {
        #![proptest_config(foreign::cases())]

        #[test]
        fn any_name_is_read_or_refused_with_its_pattern(
            name in foreign::text([PATTERN, "companies/0193a1c0-7e4c-7000-8000-5d1f3c2b1a00/projects/0193a1c0-7e4c-7000-8000-5d1f3c2b1a00"])
        ) {
            if let Err(error) = company_or_all(&name) {
                prop_assert_eq!(&error.violations()[0].field, "parent");
            }
            match ProjectName::parse("name", &name) {
                Ok(read) => prop_assert_eq!(ProjectName::parse("name", &read.to_string()).expect("as written"), read),
                Err(error) => prop_assert_eq!(error.violations()[0].allowed.as_str(), ProjectName::PATTERN),
            }
        }
    }
}
