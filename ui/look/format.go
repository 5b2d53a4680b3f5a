package look

import (
	"time"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Short returns the first 12 hex digits of a digest, as other tools show it. A string
// that is not a digest is returned whole.
func Short(d digest.Digest) safe.Text {
	if d == "" {
		return safe.Text{}
	}
	if d.Validate() != nil {
		return safe.Clean(d.String())
	}
	return safe.Clean(d.Encoded()[:12])
}

// Size returns a number of bytes in SI units, as registries and docker count.
func Size(n int64) safe.Text { return safe.Clean(humanize.Bytes(uint64(max(n, 0)))) }

// SizeDelta returns the difference from one number of bytes to another if Size shows both alike, empty if
// it does not or they are equal.
func SizeDelta(from, to int64) safe.Text {
	switch {
	case from == to || Size(from) != Size(to):
		return safe.Text{}
	case from < to:
		return safe.Sprintf("+%s B", Number(int(to-from)))
	}
	return safe.Sprintf("−%s B", Number(int(from-to)))
}

// Time returns a date and time; empty for nil.
func Time(t *time.Time) safe.Text {
	if t == nil {
		return safe.Text{}
	}
	return safe.Clean(model.TimeText(*t))
}

// Count returns "1 layer", "2 layers".
func Count(n int, one, many safe.Text) safe.Text {
	if n == 1 {
		return safe.Sprintf("%d %s", n, one)
	}
	return safe.Sprintf("%s %s", humanize.Comma(int64(n)), many)
}

// IndexText counts the platforms of an index, and its images where a platform has several:
// "index of 2 platforms, 4 images".
func IndexText(a model.Artifact) safe.Text {
	names, unnamed, images := map[string]bool{}, 0, map[digest.Digest]bool{}
	for _, e := range a.Images() {
		if e.Descriptor.Digest != "" && images[e.Descriptor.Digest] {
			continue // listed again
		}
		images[e.Descriptor.Digest] = true
		if name := model.PlatformName(e.Platform()); name != "" {
			names[name] = true
		} else {
			unnamed++
		}
	}
	n := len(names) + unnamed
	if n == 0 {
		return safe.Const("index without images")
	}
	text := safe.Sprintf("index of %s", Count(n, safe.Const("platform"), safe.Const("platforms")))
	if n < len(images) {
		text = safe.Sprintf("%s, %s", text, Count(len(images), safe.Const("image"), safe.Const("images")))
	}
	return text
}

// Number returns a number with thousands separators.
func Number(n int) safe.Text { return safe.Clean(humanize.Comma(int64(n))) }

// Day returns a day, for a column of DayWidth whose heading, or the line above, says UTC.
func Day(t *time.Time) safe.Text { return column(t, "_2 Jan 2006") }

// Minute is Day with the time, for a column of MinuteWidth.
func Minute(t *time.Time) safe.Text { return column(t, "_2 Jan 2006 15:04") }

// DayOrMinute is Day for a column of DayWidth, else Minute.
func DayOrMinute(t *time.Time, width int) safe.Text {
	if width == DayWidth {
		return Day(t)
	}
	return Minute(t)
}

// Second is Minute with the seconds, for a column of SecondWidth.
func Second(t *time.Time) safe.Text { return column(t, "_2 Jan 2006 15:04:05") }

func column(t *time.Time, layout string) safe.Text {
	if t == nil {
		return safe.Text{}
	}
	return safe.Clean(t.UTC().Format(layout))
}
