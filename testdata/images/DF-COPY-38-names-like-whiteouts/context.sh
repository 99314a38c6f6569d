mkdir t
touch t/.wh.foo t/.wh..wh..opq t/ok
tar -cf p.tar -C t .
rm -r t
