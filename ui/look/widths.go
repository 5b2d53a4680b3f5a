package look

// WideWidth is the terminal width from which on the two sides are side by side.
const WideWidth = 100

// Widths of columns in cells.
const (
	DigestWidth = 12 // as returned by Short
	SizeWidth   = 8
	MinuteWidth = 16 // 2006-01-02 15:04
	DayWidth    = 10 // 2006-01-02
)
