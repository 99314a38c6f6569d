mkdir d
echo x > d/f
