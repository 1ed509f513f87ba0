"""The reporter of a file: every loss is counted, few are shown."""

import logging

from matchms_fingerprint.io.report import MAX_SHOWN, ReadReport, Reporter


def test_reason_becomes_one_short_line():
    report = ReadReport()
    found = Reporter("x.mgf", report).unreadable(3, "7", "line\n one  \t" + "y" * 1000)
    assert report.unreadable == [found]
    assert found.reason.startswith("line one y")
    assert len(found.reason) == 300


def test_two_reporters_of_one_report_count_apart(caplog):
    report = ReadReport()
    with caplog.at_level(logging.WARNING, "matchms_fingerprint"):
        for name in ("a.mgf", "b.mgf"):
            reporter = Reporter(name, report)
            for block in range(MAX_SHOWN + 2):
                reporter.unreadable(block, str(block), "bad")
            reporter.close()
    messages = [record.getMessage() for record in caplog.records]
    assert len(report.unreadable) == 2 * (MAX_SHOWN + 2)
    assert [message for message in messages if "further" in message] == [
        "a.mgf: 2 further blocks cannot be read",
        "b.mgf: 2 further blocks cannot be read",
    ]


def test_reporter_without_trouble_is_silent(caplog):
    with caplog.at_level(logging.DEBUG):
        Reporter("x.mgf", ReadReport()).close()
    assert caplog.records == []
