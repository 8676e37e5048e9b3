module oracle

go 1.27.4

require golden v0.0.0

replace golden => ../../test/golden
