package look

// WideWidth is where two sides fit beside each other.
const WideWidth = 100

// Widths of columns in cells.
const (
	DigestWidth = 12 // as Short gives it
	SizeWidth   = 8
	MinuteWidth = 16 // 2006-01-02 15:04
	DayWidth    = 10 // 2006-01-02
)
