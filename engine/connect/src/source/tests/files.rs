//! Files that are packed, cut off, or change while they are read.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt, stream};
use pipe_schema::ConfigValue;
use tempfile::tempdir;

use super::table::{Table, run, source_error};

async fn packed(kind: FileCompressionType, text: &str) -> Vec<u8> {
    let text = Bytes::copy_from_slice(text.as_bytes());
    let packed = kind.convert_to_compress_stream(stream::iter([Ok(text)]).boxed()).unwrap();
    packed
        .try_fold(Vec::new(), |mut all, part| async move {
            all.extend_from_slice(&part);
            Ok(all)
        })
        .await
        .unwrap()
}

fn records(n: usize) -> String {
    let mut text = "id,name\n".to_string();
    for i in 0..n {
        text.push_str(&format!("{i},name {i}\n"));
    }
    text
}

const KINDS: [(FileCompressionType, &str); 4] = [
    (FileCompressionType::GZIP, "gz"),
    (FileCompressionType::ZSTD, "zst"),
    (FileCompressionType::BZIP2, "bz2"),
    (FileCompressionType::XZ, "xz"),
];

#[tokio::test]
async fn packed_files_are_unpacked_by_suffix_and_by_their_first_bytes() {
    let dir = tempdir().unwrap();
    for (kind, suffix) in KINDS {
        let bytes = packed(kind, &records(10_000)).await;
        for name in [format!("a.csv.{suffix}"), "no_suffix".to_string()] {
            fs::write(dir.path().join(&name), &bytes).unwrap();
            let (rows, states) = Table::new(dir.path(), "csv", &name).read().await.unwrap();
            assert_eq!(rows.len(), 10_000);
            assert_eq!(rows[9_999].cells[1].as_deref(), Some("name 9999"));
            // Of the file as it lies there.
            assert_eq!(states[0].bytes_read, bytes.len() as u64);
            assert_eq!(states[0].hash, xxhash_rust::xxh3::xxh3_128(&bytes));
        }
    }
}

#[tokio::test]
async fn several_members_of_an_archive_are_one_text() {
    let dir = tempdir().unwrap();
    let mut bytes = packed(FileCompressionType::GZIP, "id,name\n1,a\n").await;
    bytes.extend(packed(FileCompressionType::GZIP, "2,b\n").await);
    fs::write(dir.path().join("a.csv.gz"), bytes).unwrap();
    assert_eq!(Table::new(dir.path(), "csv", "a.csv.gz").rows().await.len(), 2);
}

#[tokio::test]
async fn a_truncated_archive_is_an_error_that_says_how_far_it_went() {
    let dir = tempdir().unwrap();
    for (kind, suffix) in KINDS {
        let name = format!("a.csv.{suffix}");
        // Text that packs badly, so that some of it is there before the cut.
        let mut text = "id,name\n".to_string();
        let mut state = 1u64;
        for i in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(&format!("{i},{state:x}\n"));
        }
        let bytes = packed(kind, &text).await;
        fs::write(dir.path().join(&name), &bytes).unwrap();
        let table = Table::new(dir.path(), "csv", &name);
        let (_, target, bound) = table.bound().await.unwrap();
        fs::write(dir.path().join(&name), &bytes[..bytes.len() / 2]).unwrap();
        let projection = crate::source::Projection::all(target.len());
        let files = table.files().await.unwrap();
        let scan = crate::source::ScanExec::try_new(&table.spec, files, &bound, &target, projection, 2).unwrap();
        let error = run(Arc::new(scan)).await.unwrap_err();
        assert_eq!((error.kind, error.phase.word(), error.file.as_deref()), ("data", "read", Some(name.as_str())));
        assert!(error.message.contains("records were read before it"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_suffix_that_is_not_true_is_an_error() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv.gz"), "id,name\n1,not packed\n").unwrap();
    let error = Table::new(dir.path(), "csv", "a.csv.gz").read().await.unwrap_err();
    assert!(error.message.starts_with("`a.csv.gz` is not gzip data"), "{}", error.message);
    let rows =
        Table::new(dir.path(), "csv", "a.csv.gz").key("compression", ConfigValue::Word("none".into())).rows().await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_decompression_bomb_is_refused() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv.gz"), packed(FileCompressionType::GZIP, &records(100_000)).await).unwrap();
    let table = || Table::new(dir.path(), "csv", "a.csv.gz");
    let error = table().key("max_decompressed", ConfigValue::Bytes(1_200_000)).read().await.unwrap_err();
    assert_eq!(error.kind, "quota");
    assert!(error.message.starts_with("`a.csv.gz` unpacks to more than 1200000 bytes"), "{}", error.message);
    assert_eq!(table().rows().await.len(), 100_000);
}

/// Lists and binds `a.csv`, does something to it, reads it.
async fn changed(path: &Path, name: &str, connector: &str, change: impl FnOnce(&Path)) -> crate::source::SourceError {
    let table = Table::new(path, connector, name);
    let scan = Arc::new(table.scan().await.unwrap());
    change(&path.join(name));
    run(scan).await.unwrap_err()
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_listed_is_a_conflict() {
    let dir = tempdir().unwrap();
    let write = || fs::write(dir.path().join("a.csv"), records(1000)).unwrap();
    write();
    let error = changed(dir.path(), "a.csv", "csv", |p| fs::remove_file(p).unwrap()).await;
    assert_eq!((error.kind, error.file.as_deref()), ("conflict", Some("a.csv")));
    assert!(error.message.contains("it is gone"), "{}", error.message);
    write();
    let error = changed(dir.path(), "a.csv", "csv", |p| fs::write(p, records(1001)).unwrap()).await;
    assert_eq!(error.kind, "conflict");
    write();
    let error = changed(dir.path(), "a.csv", "csv", |p| {
        let later = SystemTime::now() + Duration::from_secs(5);
        File::options().write(true).open(p).unwrap().set_times(FileTimes::new().set_modified(later)).unwrap();
    })
    .await;
    assert!(error.message.contains("it was written to"), "{}", error.message);
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_a_conflict() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, records(200_000)).unwrap();
    let scan = Table::new(dir.path(), "csv", "a.csv").chunks(1000, 1).scan().await.unwrap();
    let mut stream = scan.execute(0, Arc::new(TaskContext::default())).unwrap();
    stream.next().await.unwrap().unwrap();
    // The reader waits for its queue: most of the file is still to be read.
    let mut file = File::options().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, b"1,more\n").unwrap();
    let error = source_error(stream.try_collect::<Vec<_>>().await.unwrap_err());
    assert_eq!(error.kind, "conflict");
    assert_eq!(scan.file_states()[0].hash, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_read_is_a_permission_error() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "a\n1\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        // The superuser may read everything.
        return;
    }
    let error = Table::new(dir.path(), "csv", "a.csv").read().await.unwrap_err();
    assert_eq!((error.kind, error.file.as_deref()), ("permission", Some("a.csv")));
}

#[tokio::test]
async fn a_scan_that_nobody_reads_on_ends() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), records(200_000)).unwrap();
    let scan = Table::new(dir.path(), "csv", "a.csv").chunks(1000, 2).scan().await.unwrap();
    let mut stream = scan.execute(0, Arc::new(TaskContext::default())).unwrap();
    assert!(stream.next().await.unwrap().unwrap().num_rows() > 0);
    drop(stream);
    drop(scan);
}

#[tokio::test]
async fn partitions_share_a_run_and_a_second_execution_reads_again() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), records(5_000)).unwrap();
    let scan = Arc::new(Table::new(dir.path(), "csv", "a.csv").chunks(1000, 3).scan().await.unwrap());
    for _ in 0..2 {
        // One after the other: the first takes everything.
        let mut rows = Vec::new();
        for partition in 0..3 {
            let stream = scan.execute(partition, Arc::new(TaskContext::default())).unwrap();
            let batches = stream.try_collect::<Vec<_>>().await.unwrap();
            rows.push(batches.iter().map(|b| b.num_rows()).sum::<usize>());
        }
        assert_eq!(rows, [5_000, 0, 0]);
    }
    let metrics = scan.metrics().unwrap();
    assert_eq!(metrics.output_rows(), Some(10_000));
    let size = fs::metadata(dir.path().join("a.csv")).unwrap().len();
    assert_eq!(metrics.sum_by_name("bytes_scanned").unwrap().as_usize() as u64, 2 * size);
}

#[tokio::test]
async fn many_files_are_read_by_many_threads() {
    let dir = tempdir().unwrap();
    for i in 0..40 {
        fs::write(dir.path().join(format!("f{i:02}.csv")), records(100 + i)).unwrap();
    }
    let table = Table::new(dir.path(), "csv", "*.csv").chunks(200, 4);
    let (rows, states) = table.read().await.unwrap();
    assert_eq!(rows.len(), (0..40).map(|i| 100 + i).sum::<usize>());
    for (i, state) in states.iter().enumerate() {
        assert_eq!(state.rows, 100 + i as u64);
        assert_ne!(state.hash, 0);
    }
    let first: Vec<u64> = rows.iter().filter(|r| r.file == "f00.csv").map(|r| r.row).collect();
    assert_eq!(first, (0..100).collect::<Vec<_>>());
}
