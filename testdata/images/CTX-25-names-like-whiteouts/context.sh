mkdir d
echo ok > d/ok; echo x > d/.wh; echo y > d/.whx; echo z > d/wh.victim
