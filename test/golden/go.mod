module golden

go 1.27.4
