//! Media types, dispositions and cache directives: what is written is read back as the same.

use wirenut::http::{
    CacheControl, CacheDirectives, ContentDisposition, ContentDispositionWriter, MediaType, MediaTypeWriter,
    Parameters, safe_file_name,
};

/// The bytes as the value of each.
pub fn parameters(data: &[u8]) {
    media_type(data);
    disposition(data);
    cache_control(data);
    if let Ok(name) = str::from_utf8(data) {
        file_name(name);
    }
}

fn media_type(data: &[u8]) {
    let theirs = str::from_utf8(data).ok().and_then(|text| text.parse::<mime::Mime>().ok());
    let read = match MediaType::parse(data) {
        Ok(read) => read,
        Err(error) => return assert!(error.offset <= data.len(), "{error}"),
    };
    if let Some(theirs) = theirs {
        let essence = format!("{}/{}", read.top_level_type(), read.subtype());
        assert!(read.is(theirs.essence_str()), "{essence} {theirs}");
        // It does not unescape.
        for (name, value) in theirs.params().filter(|(_, value)| !value.as_str().contains('\\')) {
            let ours = read.parameters().get(name.as_str());
            assert!(ours.is_some_and(|ours| ours.is_ignoring_case(value.as_str())), "{name} {value}");
        }
    }
    let mut room = vec![0; data.len() * 2 + 16];
    let name = format!("{}/{}", read.top_level_type(), read.subtype());
    let mut writer = MediaTypeWriter::new(&mut room, &name).expect("it was read");
    for (name, value) in unescaped(read.parameters()) {
        writer.parameter(&name, value).expect("it was read");
    }
    assert_eq!(MediaType::parse(writer.finish()), Ok(read));
}

fn unescaped(parameters: Parameters<'_>) -> Vec<(String, Vec<u8>)> {
    let pairs = parameters.into_iter().map(|parameter| {
        let mut room = vec![0; parameter.value.as_raw().len()];
        let value = parameter.value.unescape(&mut room).expect("room").to_vec();
        assert!(parameter.value.is(&value) && parameter.value.bytes().eq(value.iter().copied()));
        (parameter.name.to_owned(), value)
    });
    pairs.collect()
}

fn disposition(data: &[u8]) {
    let read = match ContentDisposition::parse(data) {
        Ok(read) => read,
        Err(error) => return assert!(error.offset <= data.len(), "{error}"),
    };
    let mut room = vec![0; data.len()];
    match read.file_name(&mut room) {
        Ok(Some(name)) => file_name(name),
        Ok(None) => {}
        Err(error) => assert!(error.offset <= data.len(), "{error}"),
    }
    let mut room = vec![0; data.len() * 2 + 16];
    let mut writer = ContentDispositionWriter::new(&mut room, read.disposition_type()).expect("it was read");
    let parameters = unescaped(read.parameters());
    for (name, value) in &parameters {
        writer.parameter(name, value).expect("it was read");
    }
    let again = ContentDisposition::parse(writer.finish()).expect("it was written");
    assert_eq!((again.disposition_type(), unescaped(again.parameters())), (read.disposition_type(), parameters));
}

/// Any name that can be written comes back; what is safe of it is a part of it without separators.
fn file_name(name: &str) {
    if let Some(safe) = safe_file_name(name) {
        assert!(name.ends_with(safe) && !safe.contains(['/', '\\']) && !safe.contains(char::is_control));
        assert!(!matches!(safe, "" | "." | "..") && safe_file_name(safe) == Some(safe));
    }
    let mut room = vec![0; name.len() * 4 + 64];
    let mut writer = ContentDispositionWriter::new(&mut room, "attachment").expect("room");
    if writer.file_name(name).is_err() {
        return assert!(name.contains(|letter: char| letter.is_ascii_control()), "{name:?}");
    }
    let text = writer.finish();
    assert!(text.is_ascii());
    let mut room = vec![0; name.len()];
    assert_eq!(ContentDisposition::parse(text).and_then(|read| read.file_name(&mut room)), Ok(Some(name)));
}

fn cache_control(data: &[u8]) {
    let control = CacheControl::parse(data);
    for directive in control {
        match directive {
            Ok(directive) => {
                let first = control.get(directive.name).expect("it is there");
                assert!(first.name.eq_ignore_ascii_case(directive.name));
            }
            Err(error) => assert!(error.offset <= data.len(), "{error}"),
        }
    }
    let mut directives = CacheDirectives::new();
    for (is_there, with) in [
        (control.no_cache(), CacheDirectives::no_cache as fn(CacheDirectives) -> CacheDirectives),
        (control.no_store(), CacheDirectives::no_store),
        (control.no_transform(), CacheDirectives::no_transform),
        (control.must_revalidate(), CacheDirectives::must_revalidate),
        (control.proxy_revalidate(), CacheDirectives::proxy_revalidate),
        (control.must_understand(), CacheDirectives::must_understand),
        (control.private(), CacheDirectives::private),
        (control.public(), CacheDirectives::public),
        (control.immutable(), CacheDirectives::immutable),
        (control.only_if_cached(), CacheDirectives::only_if_cached),
    ] {
        directives = if is_there { with(directives) } else { directives };
    }
    for (seconds, with) in [
        (control.max_age(), CacheDirectives::max_age as fn(CacheDirectives, u32) -> CacheDirectives),
        (control.s_maxage(), CacheDirectives::s_maxage),
        (control.max_stale().map(|seconds| seconds.min(1 << 31)), CacheDirectives::max_stale),
        (control.min_fresh(), CacheDirectives::min_fresh),
        (control.stale_while_revalidate(), CacheDirectives::stale_while_revalidate),
        (control.stale_if_error(), CacheDirectives::stale_if_error),
    ] {
        directives = seconds.map_or(directives, |seconds| with(directives, seconds));
    }
    let text = directives.to_text();
    let again = CacheControl::parse(text.as_bytes());
    assert_eq!((again.max_age(), again.s_maxage()), (control.max_age(), control.s_maxage()));
    assert_eq!((again.min_fresh(), again.stale_if_error()), (control.min_fresh(), control.stale_if_error()));
    assert_eq!(again.stale_while_revalidate(), control.stale_while_revalidate());
    assert_eq!(
        (again.no_cache(), again.no_store(), again.private()),
        (control.no_cache(), control.no_store(), control.private())
    );
    assert!(again.into_iter().all(|directive| directive.is_ok()));
}
